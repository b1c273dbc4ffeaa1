"""What is wrong with what people wrote: problems with their places, and the word that was probably meant."""
