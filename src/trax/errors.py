"""Everything that can go wrong in Trax, as one tree.

    TraxError
    ├── UsageError                     the request itself is wrong (exit code 2)
    │   └── QueryError                 a search that asks for nothing that could be found
    ├── SearchUnavailable              a kind of search that this server or machine can't do, or that took too long
    ├── MediaError                     a file can't be used
    │   ├── MediaNotFound              nothing at that path
    │   ├── UnreadableMedia            empty, damaged, encrypted, or no media at all
    │   ├── NoAudio                    a media file without an audio stream
    │   ├── MediaTooLong               longer than the limit
    │   ├── MediaChanged               the bytes differ from those that were added
    │   └── MediaAway                  the file isn't where it was: moved, or a share that isn't mounted here
    ├── SourceError                    nothing comes from where media was to come from
    │   ├── UnknownSource              no path, address or list that Trax understands (exit code 2)
    │   ├── SourceRefused              an address that Trax doesn't ask: inside the network, or no web address
    │   ├── SourceUnavailable          it isn't there, or isn't for us: 404, 403, 410
    │   ├── SourceUnreachable          no answer, a broken one, or "later": trying again may help
    │   ├── SourceTooLarge             more bytes than the limit
    │   ├── NotMedia                   an answer that is no media file, such as a web page
    │   ├── BadFeed                    no podcast feed, or one without episodes
    │   ├── ToolMissing                an optional part of Trax isn't installed
    │   └── VideoError                 what YouTube says of a video
    │       ├── VideoUnavailable       removed, never there, or its account closed
    │       ├── VideoPrivate           for those whom its owner lets in
    │       ├── VideoMembersOnly       for members of the channel, or for money
    │       ├── VideoAgeRestricted     for those who have signed in and are of age
    │       ├── VideoGeoBlocked        not in this country
    │       ├── VideoLive              on the air right now
    │       ├── VideoUpcoming          not yet begun
    │       ├── VideoRateLimited       too many asked for: later
    │       └── VideoBlocked           YouTube takes us for a robot: about us, not about the video
    ├── TranscriptUnreadable           a subtitle or transcript file that can't be imported
    ├── StoreError                     the store of media can't be used
    │   └── StoreFull                  no space left in it
    ├── ModelError
    │   ├── UnknownModel               no such model name
    │   ├── ModelUnavailable           known, but neither on this machine nor to be downloaded
    │   └── LanguageUnsupported        an English-only model and another language
    ├── LlmError                       the language model that corrects transcripts is of no use
    │   ├── LlmNotSetUp                no key, no client, or no price where there is a limit to the cost
    │   ├── LlmRefused                 it doesn't take what we send: the key, the model's name, the request
    │   ├── LlmOutOfCredit             the account has no money left
    │   ├── LlmUnreachable             no answer, or "later", again and again: trying again may help
    │   ├── LlmUnusable                it answers, and nothing can be made of that
    │   └── CostLimit                  the next request might cost more than is allowed
    ├── DatabaseError
    │   ├── DatabaseUnavailable        no answer, or the embedded server can't start
    │   ├── DatabaseFull               no space left where it keeps its data
    │   ├── DatabaseReadOnly           the server is a standby, or the role may not write
    │   ├── DatabaseTooOld             a PostgreSQL older than 15
    │   ├── DatabaseUnsuitable         a database whose encoding can't hold every language
    │   ├── DatabaseNotMigrated        the schema is older or newer than this Trax
    │   └── RecordNotFound             no row with that ID
    ├── DecoderUnavailable             the process that reads media can't be started, or was killed
    ├── ClaimHeld                      another process is at work on that very thing
    ├── JobInterrupted                 a job is no longer ours to change
    ├── JobFailed                      something unforeseen: a fault in Trax
    └── OutputError                    a result can't be written (disk full, no permission)

`message` says what happened, `next_step` what to do about it. `retryable` tells a queue whether trying again can help.
"""

from __future__ import annotations

from typing import ClassVar


class TraxError(Exception):
    """A failure that is explained to the user in one or two sentences."""

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}".strip()


class UsageError(TraxError):
    exit_code = 2


class QueryError(UsageError):
    """A search that asks for nothing that could be found."""


class SearchUnavailable(TraxError):
    """A kind of search that this server or machine can't do, or that took too long."""


class MediaError(TraxError):
    pass


class MediaNotFound(MediaError):
    pass


class UnreadableMedia(MediaError):
    pass


class NoAudio(MediaError):
    pass


class MediaTooLong(MediaError):
    pass


class MediaChanged(MediaError):
    pass


class MediaAway(MediaError):
    retryable = True


class SourceError(TraxError):
    pass


class UnknownSource(SourceError):
    exit_code = 2


class SourceRefused(SourceError):
    pass


class SourceUnavailable(SourceError):
    pass


class SourceUnreachable(SourceError):
    retryable = True


class SourceTooLarge(SourceError):
    pass


class NotMedia(SourceError):
    pass


class BadFeed(SourceError):
    pass


class ToolMissing(SourceError):
    pass


class VideoError(SourceError):
    pass


class VideoUnavailable(VideoError):
    pass


class VideoPrivate(VideoError):
    pass


class VideoMembersOnly(VideoError):
    pass


class VideoAgeRestricted(VideoError):
    pass


class VideoGeoBlocked(VideoError):
    pass


class VideoLive(VideoError):
    retryable = True


class VideoUpcoming(VideoError):
    retryable = True


class VideoRateLimited(VideoError):
    retryable = True


class VideoBlocked(VideoError):
    retryable = True


class TranscriptUnreadable(TraxError):
    pass


class StoreError(TraxError):
    retryable = True


class StoreFull(StoreError):
    pass


class ModelError(TraxError):
    pass


class UnknownModel(ModelError):
    exit_code = 2


class ModelUnavailable(ModelError):
    retryable = True


class LanguageUnsupported(ModelError):
    pass


class LlmError(TraxError):
    pass


class LlmNotSetUp(LlmError):
    pass


class LlmRefused(LlmError):
    pass


class LlmOutOfCredit(LlmError):
    pass


class LlmUnreachable(LlmError):
    retryable = True


class LlmUnusable(LlmError):
    retryable = True


class CostLimit(LlmError):
    pass


class DatabaseError(TraxError):
    pass


class DatabaseUnavailable(DatabaseError):
    retryable = True


class DatabaseFull(DatabaseError):
    retryable = True


class DatabaseReadOnly(DatabaseError):
    pass


class DatabaseTooOld(DatabaseError):
    pass


class DatabaseUnsuitable(DatabaseError):
    pass


class DatabaseNotMigrated(DatabaseError):
    pass


class RecordNotFound(DatabaseError):
    pass


class DecoderUnavailable(TraxError):
    retryable = True


class ClaimHeld(TraxError):
    retryable = True


class JobInterrupted(TraxError):
    pass


class JobFailed(TraxError):
    retryable = True


class OutputError(TraxError):
    pass


# The next file would fare no better.
HOPELESS = (
    DatabaseError,
    DecoderUnavailable,
    LlmNotSetUp,
    LlmOutOfCredit,
    ModelUnavailable,
    StoreError,
)


def first_line(error: BaseException) -> str:
    """What somebody else's exception says, in one line without a full stop; its name where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
