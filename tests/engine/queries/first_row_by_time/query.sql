-- The first state of each device by event time, said once it is certain.
CREATE TABLE states (device INT, state STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '3' SECOND)
    WITH ('connector' = 'rows');
SELECT device, state FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY device ORDER BY ts) AS n FROM states) WHERE n = 1;
