"""What a person decides about actions, and about observations that are kept aside."""
