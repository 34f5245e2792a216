"""Options of connectors and learners that forms offer: what each is for, and the values it may have. Any other option
that the engine, or Flink, has can be written too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Known = Mapping[str, Mapping[str, "Option"]]
"""Options by name, by the value of the first property that chooses them: the connector, the learner."""


@dataclass(frozen=True)
class Option:
    """`values`: those it may have, if they are few; `secret`: it holds one, by reference."""

    help: str
    values: tuple[str, ...] = ()
    required: bool = False
    secret: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {"help": self.help, "values": list(self.values), "required": self.required, "secret": self.secret}


FLAG = ("true", "false")
FORMAT = {
    "format": Option("how rows are written", ("csv", "json", "parquet"), required=True),
    "csv.field-delimiter": Option("what parts the columns of a line; a comma, if nothing is said"),
    "csv.ignore-parse-errors": Option("lines that cannot be read are left out instead of being kept apart", FLAG),
    "csv.null-literal": Option("the text that stands for NULL"),
    "json.ignore-parse-errors": Option("lines that cannot be read are left out instead of being kept apart", FLAG),
    "json.timestamp-format.standard": Option("how times are written", ("SQL", "ISO-8601")),
}
FILES = {
    "path": Option("a file or a folder", required=True),
    **FORMAT,
}
HBASE = {
    "table-name": Option("the table in HBase; the node's id, if nothing is said"),
    "zookeeper.quorum": Option("where HBase is: host:port, or embedded:FOLDER for the one inside"),
    "null-string-literal": Option("the text that stands for NULL"),
    "lookup.cache": Option("whether found rows are kept", ("NONE", "PARTIAL")),
    "lookup.partial-cache.max-rows": Option("how many rows are kept"),
    "lookup.partial-cache.expire-after-write": Option("how long a row is kept: 10 s"),
}
JDBC = {
    "url": Option("the database: jdbc:postgresql://host:5432/name", required=True),
    "table-name": Option("the table, or schema.table", required=True),
    "username": Option("who signs in"),
    "password": Option("a secret, by reference", secret=True),
}
RATE = {
    "rows-per-second": Option("how fast rows come; as fast as possible, if nothing is said"),
    "number-of-rows": Option("after how many rows the stream ends"),
}
KAFKA = {
    "topic": Option("the topic", required=True),
    "properties.bootstrap.servers": Option("where Kafka is: host:port", required=True),
    "properties.group.id": Option("the name of the group that reads"),
    "scan.startup.mode": Option(
        "where reading begins", ("earliest-offset", "latest-offset", "group-offsets", "timestamp")),
    "format": Option("how rows are written", ("csv", "json"), required=True),
}
SOURCES: Known = {
    "filesystem": {
        **FILES,
        "source.monitor-interval": Option("look for new files every so often, as 10 s; else the stream ends"),
    },
    "kafka": KAFKA,
    "jdbc": JDBC,
    "datagen": {**RATE, "seed": Option("other rows for each number")},
    "shop": {
        **RATE,
        "seed": Option("another shop for each number"),
        "number-of-impressions": Option("after how many impressions the stream ends"),
        "start-time": Option("the time of the first event"),
    },
}
SINKS: Known = {
    "filesystem": {
        **FILES,
        "sink.rolling-policy.file-size": Option("a new file begins at this size: 128MB"),
        "sink.rolling-policy.rollover-interval": Option("a new file begins after this time: 30 min"),
    },
    "kafka": {name: option for name, option in KAFKA.items() if not name.startswith(("scan.", "properties.group"))},
    "upsert-kafka": {
        "topic": KAFKA["topic"],
        "properties.bootstrap.servers": KAFKA["properties.bootstrap.servers"],
        "key.format": FORMAT["format"],
        "value.format": FORMAT["format"],
    },
    "hbase-2.2": HBASE,
    "jdbc": JDBC,
    "print": {"print-identifier": Option("stands before each row")},
    "blackhole": {},
}
DIMENSIONS: Known = {"hbase-2.2": HBASE, "jdbc": JDBC}
LEARNERS: Known = {
    "ftrl": {
        "alpha": Option("learning rate, 0.05 if nothing is said"),
        "beta": Option("how long the learning rate stays near alpha, 1 if nothing is said"),
        "l1": Option("L1 penalty: weights of rare features stay zero"),
        "l2": Option("L2 penalty"),
        "shards": Option("parts of the model that learn in parallel"),
    },
    "gaussian": {
        "variance": Option("prior variance of each weight: how fast it may move, 0.05 if nothing is said"),
        "drift": Option("variance added each time a weight is learnt: how fast the past is forgotten"),
        "shards": Option("parts of the model that learn in parallel"),
    },
}


def described(known: Known) -> dict[str, dict[str, dict[str, Any]]]:
    """As JSON values."""
    return {chosen: {name: o.as_dict() for name, o in options.items()} for chosen, options in known.items()}


def names(known: Known) -> Iterable[tuple[str, str]]:
    """(connector, option) of all."""
    return ((chosen, name) for chosen, options in known.items() for name in options)
