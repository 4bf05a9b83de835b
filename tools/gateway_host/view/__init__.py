"""What a person sees of a run: the screen, the summary, the truth beside it."""
