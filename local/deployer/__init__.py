"""The deployer: runs the Pulumi program without the Pulumi CLI and creates what it registers."""
