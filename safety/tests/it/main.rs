//! Words in disguise are found through the views that their rules ask for, and innocent texts are not.

mod border;
mod by_hand;
mod evasion;
mod innocent;
mod rules;
mod seed;
mod techniques;
