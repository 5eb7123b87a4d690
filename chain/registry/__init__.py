"""What the contract `certificate` is made of: production intervals, bundles of certificates, the registry's tables."""
