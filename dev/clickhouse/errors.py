"""ClickHouse errors: the numeric code, the text, and the HTTP status that a server sends with them."""

import re

BAD_ARGUMENTS = 36
NOT_IMPLEMENTED = 48
SYNTAX_ERROR = 62
CANNOT_DECOMPRESS = 271
UNKNOWN_EXCEPTION = 1002

_STATUS = {
    400: {6, 8, 26, 27, 33, 34, 35, 38, 40, 41, 43, 53, 62, 69, 70, 72, 117, 271, 386, 457},
    403: {497},
    404: {16, 46, 47, 50, 56, 60, 63, 73, 78, 79, 81, 82, 115, 336},
    408: {159},
    501: {48},
    503: {202, 439},
}
_WRAPPED = re.compile(r"(Code: \d+\. DB::Exception: )(\1.*)\. \(\w+\)", re.DOTALL)
_STATUS_OF_CODE = {code: status for status, codes in _STATUS.items() for code in codes}


class ClickHouseError(Exception):
    """What the engine, or this server in its place, refuses."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code
        self.text = text

    @property
    def status(self):
        return _STATUS_OF_CODE.get(self.code, 500)

    @classmethod
    def refusal(cls, code, name, message):
        """An error of our own, in the words a server would use: `name` is the code's symbol."""
        return cls(code, f"Code: {code}. DB::Exception: {message} ({name})")

    @classmethod
    def from_engine(cls, error):
        """Reads code and text from what the engine raised.

        The binding may put words before them, and what fails in reading a file comes wrapped in its own code and name.
        """
        text = str(error).strip()
        found = re.search(r"Code: (\d+)\.", text)
        if found is None:
            return cls(UNKNOWN_EXCEPTION, f"Code: {UNKNOWN_EXCEPTION}. DB::Exception: {text} (UNKNOWN_EXCEPTION)")
        text = text[found.start():]
        wrapped = _WRAPPED.fullmatch(text)
        return cls(int(found.group(1)), wrapped.group(2) if wrapped else text)
