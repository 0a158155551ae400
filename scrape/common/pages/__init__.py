"""The page kit of both packages."""
