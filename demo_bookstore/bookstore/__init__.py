"""The shop itself: models, the receivers that keep them consistent, and the pages."""
