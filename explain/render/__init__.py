"""One file an output. Renderers read a page; they compute nothing."""
