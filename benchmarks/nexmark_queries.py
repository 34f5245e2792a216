"""Nexmark's queries, as Flink SQL and as the batch SQL of DuckDB that gives the same rows.

Rows carry `place`, their position in the file, in DuckDB: where the stream takes the row that came first or last among
equals, so does the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Template

DDL = """
CREATE TABLE person (
  id BIGINT, name STRING, emailAddress STRING, creditCard STRING, city STRING, state STRING, `dateTime` TIMESTAMP(3),
  extra STRING, WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'format' = '$format', 'path' = '$folder/person.$format');
CREATE TABLE auction (
  id BIGINT, itemName STRING, description STRING, initialBid BIGINT, reserve BIGINT, `dateTime` TIMESTAMP(3),
  expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra STRING,
  WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'format' = '$format', 'path' = '$folder/auction.$format');
CREATE TABLE bid (
  auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, `dateTime` TIMESTAMP(3), extra STRING,
  WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'format' = '$format', 'path' = '$folder/bid.$format');
"""

SETTINGS = """
SET 'table.exec.mini-batch.enabled' = 'true';
SET 'table.exec.mini-batch.allow-latency' = '100 ms';
SET 'table.exec.mini-batch.size' = '20000';
SET 'execution.checkpointing.interval' = '1 s';
"""


@dataclass(frozen=True)
class Query:
    """The sink's columns, the streaming query, and the batch query with the same result."""

    columns: str
    flink: str
    duckdb: str
    reads: tuple[str, ...] = ("bid",)


_BID = "auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, `dateTime` TIMESTAMP(3), extra STRING"
_ALL = "SELECT auction, bidder, price, channel, url, dateTime, extra FROM "
_RANKS = """count(*) FILTER (WHERE price < 10000) AS rank1_bids,
     count(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bids,
     count(*) FILTER (WHERE price >= 1000000) AS rank3_bids"""
_DISTINCT = ",\n     ".join(
    f"count(DISTINCT {column}){condition}"
    for column in ("bidder", "auction")
    for condition in ("", " FILTER (WHERE price < 10000)", " FILTER (WHERE price >= 10000 AND price < 1000000)",
                      " FILTER (WHERE price >= 1000000)"))


def _filled(text: str) -> str:
    return Template(text).substitute(ranks=_RANKS, distinct=_DISTINCT)


QUERIES: dict[str, Query] = {
    "q0": Query(_BID, "SELECT auction, bidder, price, channel, url, `dateTime`, extra FROM bid", f"{_ALL} bid"),
    "q1": Query(
        "auction BIGINT, bidder BIGINT, price DECIMAL(23, 3), `dateTime` TIMESTAMP(3), extra STRING",
        "SELECT auction, bidder, 0.908 * price AS price, `dateTime`, extra FROM bid",
        """SELECT auction, bidder, 0.908::DECIMAL(4, 3) * price::DECIMAL(19, 0) AS price, dateTime, extra FROM bid"""),
    "q2": Query(
        "auction BIGINT, price BIGINT", "SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0",
        "SELECT auction, price FROM bid WHERE auction % 123 = 0"),
    "q4": Query(
        "category BIGINT, final BIGINT",
        """SELECT Q.category, AVG(Q.final) FROM (
             SELECT MAX(B.price) AS final, A.category
             FROM auction A, bid B
             WHERE A.id = B.auction AND B.`dateTime` BETWEEN A.`dateTime` AND A.expires
             GROUP BY A.id, A.category
           ) Q GROUP BY Q.category""",
        """SELECT category, (sum(final) // count(*))::BIGINT FROM (
             SELECT max(B.price) AS final, A.category
             FROM auction A, bid B
             WHERE A.id = B.auction AND B.dateTime BETWEEN A.dateTime AND A.expires
             GROUP BY A.id, A.category
           ) GROUP BY category""", ("auction", "bid")),
    "q5": Query(
        "auction BIGINT, num BIGINT",
        """SELECT AuctionBids.auction, AuctionBids.num FROM (
             SELECT auction, count(*) AS num, window_start AS starttime, window_end AS endtime
             FROM TABLE(HOP(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
             GROUP BY auction, window_start, window_end
           ) AS AuctionBids JOIN (
             SELECT max(CountBids.num) AS maxn, CountBids.starttime, CountBids.endtime FROM (
               SELECT count(*) AS num, window_start AS starttime, window_end AS endtime
               FROM TABLE(HOP(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
               GROUP BY auction, window_start, window_end
             ) AS CountBids GROUP BY CountBids.starttime, CountBids.endtime
           ) AS MaxBids
           ON AuctionBids.starttime = MaxBids.starttime AND AuctionBids.endtime = MaxBids.endtime
             AND AuctionBids.num >= MaxBids.maxn""",
        """WITH counts AS (
             SELECT auction, count(*) AS num, start FROM (
               SELECT auction, unnest([time_bucket(INTERVAL 2 SECOND, dateTime) - INTERVAL 2 SECOND * i
                                       FOR i IN range(5)]) AS start
               FROM bid) GROUP BY auction, start)
           SELECT auction, num FROM (SELECT auction, num, max(num) OVER (PARTITION BY start) AS most FROM counts)
           WHERE num >= most"""),
    "q7": Query(
        "auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3), extra STRING",
        """SELECT B.auction, B.bidder, B.price, B.`dateTime`, B.extra FROM bid B JOIN (
             SELECT MAX(price) AS maxprice, window_end AS `dateTime`
             FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))
             GROUP BY window_start, window_end
           ) B1 ON B.price = B1.maxprice
           WHERE B.`dateTime` BETWEEN B1.`dateTime` - INTERVAL '10' SECOND AND B1.`dateTime`""",
        """SELECT B.auction, B.bidder, B.price, B.dateTime, B.extra FROM bid B JOIN (
             SELECT max(price) AS maxprice, time_bucket(INTERVAL 10 SECOND, dateTime) + INTERVAL 10 SECOND AS dateTime
             FROM bid GROUP BY 2
           ) B1 ON B.price = B1.maxprice
           WHERE B.dateTime BETWEEN B1.dateTime - INTERVAL 10 SECOND AND B1.dateTime"""),
    "q8": Query(
        "id BIGINT, name STRING, stime TIMESTAMP(3)",
        """SELECT P.id, P.name, P.starttime FROM (
             SELECT id, name, window_start AS starttime, window_end AS endtime
             FROM TABLE(TUMBLE(TABLE person, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))
             GROUP BY id, name, window_start, window_end
           ) P JOIN (
             SELECT seller, window_start AS starttime, window_end AS endtime
             FROM TABLE(TUMBLE(TABLE auction, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND))
             GROUP BY seller, window_start, window_end
           ) A ON P.id = A.seller AND P.starttime = A.starttime AND P.endtime = A.endtime""",
        """SELECT DISTINCT P.id, P.name, time_bucket(INTERVAL 10 SECOND, P.dateTime)
           FROM person P JOIN auction A ON P.id = A.seller
             AND time_bucket(INTERVAL 10 SECOND, P.dateTime) = time_bucket(INTERVAL 10 SECOND, A.dateTime)""",
        ("person", "auction")),
    "q15": Query(
        "`day` STRING, " + ", ".join(f"n{i} BIGINT" for i in range(12)),
        _filled("""SELECT DATE_FORMAT(`dateTime`, 'yyyy-MM-dd') AS `day`, count(*) AS total_bids, $ranks, $distinct
           FROM bid GROUP BY DATE_FORMAT(`dateTime`, 'yyyy-MM-dd')"""),
        _filled("""SELECT strftime(dateTime, '%Y-%m-%d') AS day, count(*) AS total_bids, $ranks, $distinct
           FROM bid GROUP BY day""")),
    "q17": Query(
        """auction BIGINT, `day` STRING, total_bids BIGINT, rank1_bids BIGINT, rank2_bids BIGINT, rank3_bids BIGINT,
           min_price BIGINT, max_price BIGINT, avg_price BIGINT, sum_price BIGINT""",
        _filled("""SELECT auction, DATE_FORMAT(`dateTime`, 'yyyy-MM-dd') AS `day`, count(*) AS total_bids, $ranks,
             min(price) AS min_price, max(price) AS max_price, avg(price) AS avg_price, sum(price) AS sum_price
           FROM bid GROUP BY auction, DATE_FORMAT(`dateTime`, 'yyyy-MM-dd')"""),
        _filled("""SELECT auction, strftime(dateTime, '%Y-%m-%d') AS day, count(*) AS total_bids, $ranks,
             min(price) AS min_price, max(price) AS max_price, (sum(price) // count(*))::BIGINT AS avg_price,
             sum(price)::BIGINT AS sum_price
           FROM bid GROUP BY auction, day""")),
    "q18": Query(
        _BID,
        """SELECT auction, bidder, price, channel, url, `dateTime`, extra
           FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY `dateTime` DESC) AS rank_number
                 FROM bid)
           WHERE rank_number <= 1""",
        f"""{_ALL} bid
           QUALIFY row_number() OVER (PARTITION BY bidder, auction ORDER BY dateTime DESC, place DESC) = 1"""),
    "q19": Query(
        f"{_BID}, rank_number BIGINT",
        """SELECT * FROM
             (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) AS rank_number FROM bid)
           WHERE rank_number <= 10""",
        """SELECT auction, bidder, price, channel, url, dateTime, extra,
             row_number() OVER (PARTITION BY auction ORDER BY price DESC, place) AS rank_number
           FROM bid QUALIFY rank_number <= 10"""),
    "q20": Query(
        f"""{_BID}, itemName STRING, description STRING, initialBid BIGINT, reserve BIGINT,
            auction_dateTime TIMESTAMP(3), expires TIMESTAMP(3), seller BIGINT, category BIGINT,
            auction_extra STRING""",
        """SELECT auction, bidder, price, channel, url, B.`dateTime`, B.extra,
             itemName, description, initialBid, reserve, A.`dateTime`, expires, seller, category, A.extra
           FROM bid AS B INNER JOIN auction AS A ON B.auction = A.id WHERE A.category = 10""",
        """SELECT auction, bidder, price, channel, url, B.dateTime, B.extra,
             itemName, description, initialBid, reserve, A.dateTime, expires, seller, category, A.extra
           FROM bid AS B INNER JOIN auction AS A ON B.auction = A.id WHERE A.category = 10""", ("auction", "bid")),
}  # fmt: skip
