"""The wall around students' code, seen from outside; nothing here knows points. `inside/` is what they can see."""
