"""What people see in a browser. So far: the answers to approvals, by signed links."""
