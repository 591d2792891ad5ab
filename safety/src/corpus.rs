//! Words disguised in every way that a view is for are found, and innocent texts are not.
