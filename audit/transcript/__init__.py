"""Speech into words: the models' supply, the recogniser, and the normalisation of its text."""
