"""The rows of docs/security.md: what is asked, what shows it; software parts and their audit."""
