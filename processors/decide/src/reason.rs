//! The closed list of reasons that decisions, canned answers and the ledger give.

/// A `missed` message is judged after it was delivered.
pub(crate) const JUDGED_LATE: &str = "judged_late";
/// Sent longer ago than duplicates are remembered.
pub(crate) const OLDER_THAN_HORIZON: &str = "older_than_horizon";
/// It speaks to a bot that the bundle does not know.
pub(crate) const UNKNOWN_BOT: &str = "unknown_bot";
/// A bot sent it, and bots never answer bots.
pub(crate) const FROM_BOT: &str = "from_bot";
/// The filter stops it.
pub(crate) const BLOCKED: &str = "blocked";
/// Its text is sealed, and this version cannot open it.
pub(crate) const SEALED: &str = "sealed";
/// There is no text to answer.
pub(crate) const NO_TEXT: &str = "no_text";
/// As many messages wait as may.
pub(crate) const LANE_FULL: &str = "lane_full";
/// It does not fit the smallest window of the chain.
pub(crate) const TOO_LONG: &str = "too_long";
/// A turn is in flight.
pub(crate) const TURN_IN_FLIGHT: &str = "turn_in_flight";
/// The merge window is open.
pub(crate) const MERGE_WINDOW: &str = "merge_window";
/// Older turns of history were left behind.
pub(crate) const HISTORY_TRIMMED: &str = "history_trimmed";
/// The turn in flight was called off.
pub(crate) const TURN_CANCELLED: &str = "turn_cancelled";
/// An answered turn will be in no prompt any more.
pub(crate) const HISTORY_REMOVED: &str = "history_removed";
/// It came before the message that it is about.
pub(crate) const AHEAD_OF_MESSAGE: &str = "ahead_of_message";
/// Nothing of the message is pending.
pub(crate) const NOTHING_PENDING: &str = "nothing_pending";
/// The waiting message has its new text.
pub(crate) const EDITED: &str = "edited";
/// A person takes the conversation over.
pub(crate) const TAKEN_OVER: &str = "taken_over";
/// A person hands the conversation back.
pub(crate) const HANDED_BACK: &str = "handed_back";
/// The model's answer was let out.
pub(crate) const DONE: &str = "done";
/// The answer was cut at the output limit.
pub(crate) const TRUNCATED: &str = "truncated";
/// The model said nothing.
pub(crate) const EMPTY: &str = "empty";
/// The reviewer's verdict stops the answer.
pub(crate) const REVIEWED: &str = "reviewed";
/// No target gave an answer that may go out.
pub(crate) const FAILED: &str = "failed";
/// Call's word for a model that used its tokens up before it said anything.
pub(crate) const CAP_USED_UP: &str = "cap_used_up";
/// It took too long.
pub(crate) const EXPIRED: &str = "expired";
/// The request was called off before it ran.
pub(crate) const CANCELLED: &str = "cancelled";
/// The request could not be run at all.
pub(crate) const DEAD: &str = "dead";
/// The request vanished.
pub(crate) const LOST: &str = "lost";
/// The outcome came when its turn was over.
pub(crate) const LATE: &str = "late";
/// An attempt before the one that answered.
pub(crate) const ATTEMPT_FAILED: &str = "attempt_failed";
/// A run that left no trace may have reached a provider.
pub(crate) const RERUN: &str = "rerun";
/// Nobody is known for whom the money was spent.
pub(crate) const UNATTRIBUTED: &str = "unattributed";
/// The conversation is forgotten.
pub(crate) const FORGOTTEN: &str = "forgotten";
