"""The vocabulary and the catalogue of a production."""

from answerprint.production.errors import AnswerprintError, BadInput, Cancelled, FaultFound, Refused, first_fault
from answerprint.production.timecode import FrameRange, Timecode, frame_rate
from answerprint.production.values import Measured, prefer

__all__ = [
    "AnswerprintError",
    "BadInput",
    "Cancelled",
    "FaultFound",
    "FrameRange",
    "Measured",
    "Refused",
    "Timecode",
    "first_fault",
    "frame_rate",
    "prefer",
]
