"""What is wrong with the genres of a catalogue or a library."""
