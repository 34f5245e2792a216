"""Everything that reads, as plain JSON values in the shapes of `porsche.ide.api.shapes`."""
