"""The deployer: runs a Pulumi program without the Pulumi CLI, and creates what it registers."""
