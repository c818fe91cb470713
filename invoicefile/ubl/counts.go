package ubl

// counts is how much of a document has been seen, held to the bounds. The scan
// counts what it takes for elements and the decoder what it makes of them: each
// is held by itself, so that no text which the two read differently is bounded
// by neither.
type counts struct {
	depth      int // of open elements
	elements   int
	attributes int
}

// element counts one that begins. Whether it stays open is for the caller to say.
func (c *counts) element(line int) error {
	c.elements++
	switch {
	case c.depth == 0 && c.elements > 1:
		return refused(line, "There is a second element beside the document's one.")
	case c.depth >= maxDepth:
		return refused(line, "Elements are nested deeper than %d.", maxDepth)
	case c.elements > maxElements:
		return refused(line, "There are more than %d elements.", maxElements)
	}
	return nil
}

func (c *counts) attribute(line int) error {
	if c.attributes++; c.attributes > maxAttributes {
		return refused(line, "There are more than %d attributes.", maxAttributes)
	}
	return nil
}
