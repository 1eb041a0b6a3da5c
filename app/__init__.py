"""AI Race Indicators: figures on the AI race over HTTP, each traced to its source."""

__version__ = "0.1.0"
