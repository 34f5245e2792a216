-- The last state of each device by event time; an older one that comes later changes nothing.
CREATE TABLE states (device INT, state STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '60' SECOND)
    WITH ('connector' = 'rows');
SELECT device, state FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY device ORDER BY ts DESC) AS n FROM states) WHERE n = 1;
