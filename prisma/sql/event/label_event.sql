-- The events that gave a container its barcode, or took it away: the barcode after the event, and the one before it.
CREATE OR REPLACE VIEW label_event AS
SELECT e.revision, e.ordinal, e.recorded_at, e.container_id, e.became->>'barcode' AS barcode, e.was->>'barcode' AS former
FROM event_log e WHERE e.relabels;
