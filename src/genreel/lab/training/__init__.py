"""From recipe and catalogue to bundle."""
