"""What tests share: worlds, servers, fakes, and the plugins of pytest."""
