//! Why decisions, canned answers and the ledger say what they say: a closed list.

use catalogue::app::Canned;
use schemas::review::Level;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $label:literal;)*) => {
        /// Why something was decided, said or booked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// Its word in records, metrics and rows.
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$name => $label,)*
                }
            }
        }
    };
}

reasons! {
    /// A `missed` message is judged after it was delivered.
    JudgedLate = "judged_late";
    /// Sent longer ago than duplicates are remembered.
    OlderThanHorizon = "older_than_horizon";
    /// It speaks to a bot that the bundle does not know.
    UnknownBot = "unknown_bot";
    /// A bot sent it, and bots never answer bots.
    FromBot = "from_bot";
    /// The filter holds it.
    Held = "held";
    /// The reviewer calls what is held safe.
    ReviewSafe = "review_safe";
    /// The reviewer calls what is held controversial: the app's policy says what becomes of it.
    ReviewControversial = "review_controversial";
    /// The reviewer calls what is held unsafe.
    ReviewUnsafe = "review_unsafe";
    /// Nobody has reviewed what is held: the app's policy says what becomes of it.
    ReviewAway = "review_away";
    /// It was spent on a review.
    Review = "review";
    /// The filter stops it.
    Blocked = "blocked";
    /// Its text is sealed, and this version cannot open it.
    Sealed = "sealed";
    /// There is no text to answer.
    NoText = "no_text";
    /// A picture has no address that a model may be told.
    ImageAddress = "image_address";
    /// A picture is on a host that the app does not name.
    ImageHost = "image_host";
    /// A picture is larger than the app takes, or does not say how large it is.
    ImageSize = "image_size";
    /// A picture is open only to whoever has its secret.
    ImageRestricted = "image_restricted";
    /// The turn has more pictures than a model is shown.
    ImagesLeftOut = "images_left_out";
    /// As many messages wait as may.
    LaneFull = "lane_full";
    /// The lane has been told so, and no turn has opened since.
    ToldBefore = "told_before";
    /// The person had as many answers within a minute as may be.
    TooOften = "too_often";
    /// The answer is about a topic that is refused.
    RefusedTopic = "refused_topic";
    /// It does not fit the smallest window of the chain.
    TooLong = "too_long";
    /// A route answers by itself, without a model.
    Routed = "routed";
    /// A turn is in flight.
    TurnInFlight = "turn_in_flight";
    /// The merge window is open.
    MergeWindow = "merge_window";
    /// Older turns of history were left behind.
    HistoryTrimmed = "history_trimmed";
    /// What was remembered was left behind so that the conversation's state keeps its bound.
    StateFull = "state_full";
    /// Personal data in the message are hidden from the model.
    PersonalDataHidden = "personal_data_hidden";
    /// Personal data that the person wrote stand in the answer again.
    Restored = "restored";
    /// The turn in flight was called off.
    TurnCancelled = "turn_cancelled";
    /// An answered turn will be in no prompt any more.
    HistoryRemoved = "history_removed";
    /// A provider's filter objects to turns of the history: they will be in no prompt any more.
    HistoryFlagged = "history_flagged";
    /// An answer that was let out is taken back from the chat.
    Retracted = "retracted";
    /// It came before the message that it is about.
    AheadOfMessage = "ahead_of_message";
    /// Nothing of the message is pending.
    NothingPending = "nothing_pending";
    /// The waiting message has its new text.
    Edited = "edited";
    /// What leaves the history is summed up first.
    Summary = "summary";
    /// It is a command; its word follows.
    Command = "command";
    /// The command lacks what it needs.
    Unclear = "unclear";
    /// Nobody had said anything for so long that the conversation begins anew.
    SessionExpired = "session_expired";
    /// It calls the turn in flight off, and is asked with what that asked.
    Interrupts = "interrupts";
    /// The person is told that the answer takes longer.
    StillWorking = "still_working";
    /// A member of staff wrote it.
    Staff = "staff";
    /// A person takes the conversation over.
    TakenOver = "taken_over";
    /// A person hands the conversation back.
    HandedBack = "handed_back";
    /// The model's answer was let out.
    Done = "done";
    /// The answer has more parts than may be sent: the last one says so.
    Cut = "cut";
    /// The answer is too large for any prompt: the next one is asked without it.
    NotRemembered = "not_remembered";
    /// A person wrote it by hand from the bot's account: it is in later prompts as the bot's words.
    ByHand = "by_hand";
    /// The model's output was cut at its limit.
    Truncated = "truncated";
    /// The model said nothing.
    Empty = "empty";
    /// The reviewer's verdict stops the answer.
    Reviewed = "reviewed";
    /// No target gave an answer that may go out.
    Failed = "failed";
    /// It took too long.
    Expired = "expired";
    /// The request was called off.
    Cancelled = "cancelled";
    /// The request could not be run at all.
    Dead = "dead";
    /// The request vanished.
    Lost = "lost";
    /// The outcome came when its turn was over.
    Late = "late";
    /// An attempt before the one that answered.
    AttemptFailed = "attempt_failed";
    /// A run that left no trace may have reached a provider.
    Rerun = "rerun";
    /// Nobody is known for whom the money was spent.
    Unattributed = "unattributed";
    /// The conversation is forgotten.
    Forgotten = "forgotten";
}

impl Reason {
    /// What a reviewer says of what is held; `None` for nothing.
    pub(crate) const fn of_review(level: Option<Level>) -> Self {
        match level {
            Some(Level::Safe) => Self::ReviewSafe,
            Some(Level::Controversial) => Self::ReviewControversial,
            Some(Level::Unsafe) => Self::ReviewUnsafe,
            None => Self::ReviewAway,
        }
    }

    /// Reasons of decisions that say that a bound was met.
    pub const BOUNDS: [Self; 10] = [
        Self::OlderThanHorizon,
        Self::LaneFull,
        Self::TooOften,
        Self::TooLong,
        Self::HistoryTrimmed,
        Self::StateFull,
        Self::NotRemembered,
        Self::Cut,
        Self::Expired,
        Self::Lost,
    ];
}

/// Why call gave a request up, as far as the person is told one thing or another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The model used its tokens up before it said anything.
    CapUsedUp,
    /// Any other reason.
    Other,
}

impl Failure {
    /// Reads call's word for it.
    pub(crate) fn of(word: &str) -> Self {
        if word == "cap_used_up" { Self::CapUsedUp } else { Self::Other }
    }

    /// What the person is told.
    pub(crate) fn text(self, canned: &Canned) -> &str {
        match self {
            Self::CapUsedUp => &canned.unfinished,
            Self::Other => &canned.failed,
        }
    }
}
