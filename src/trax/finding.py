"""From a query to the moments that it means."""
