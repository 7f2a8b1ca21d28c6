"""The Pulumi program's parts, in layers: settings, needs, components, packaging and monitoring, wiring."""
