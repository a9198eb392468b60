"""Every page of the lab: one set of templates, one style, one way to draw a figure."""
