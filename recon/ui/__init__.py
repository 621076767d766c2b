"""What the pages share: the frame, the URL as state, figures, the diff table, words and numbers."""
