-- What a process published right after its commit is marked without holding the rows; a relay's loop holds the rows it
-- publishes and then wants to mark them. Both change the row of the stream, and the first came to it with no row and the
-- second with its rows: each waited for the other when they had the same rows. Now a mark waits for no row: one that a
-- relay holds is published and marked by that relay.
--
-- Returns how many rows were marked, and -1 when the stream is not, or no longer, the one that is known.
CREATE OR REPLACE FUNCTION outbox_mark_published(
    stream text, stream_created_at timestamptz, ids uuid[], sequences bigint[])
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    marked integer;
BEGIN
    -- The lock orders this after or before a relay that finds the stream lost, so an acknowledgement of the old
    -- stream can't be recorded against the new one.
    UPDATE public.outbox_streams s
    SET last_sequence = greatest(s.last_sequence, (SELECT max(q) FROM unnest(sequences) q))
    WHERE s.stream = outbox_mark_published.stream
      AND s.stream_created_at = outbox_mark_published.stream_created_at
      AND s.kept_up_to IS NULL;
    IF NOT FOUND THEN
        RETURN -1;
    END IF;
    -- A sequence is given once. When it comes again the stream was cut behind our back and the earlier holder is lost.
    UPDATE public.outbox o
    SET published_at = NULL, stream_sequence = NULL, next_attempt_at = clock_timestamp()
    WHERE o.published_at IS NOT NULL AND o.stream = outbox_mark_published.stream
      AND o.stream_sequence = ANY (sequences) AND o.id <> ALL (ids)
      AND o.created_at >= public.outbox_republished_since();
    UPDATE public.outbox o
    SET published_at = clock_timestamp(), stream_sequence = p.sequence, attempts = o.attempts + 1, last_error = NULL
    FROM (
        SELECT h.id, q.sequence
        FROM public.outbox h JOIN unnest(ids, sequences) AS q (id, sequence) ON q.id = h.id
        WHERE h.stream = outbox_mark_published.stream
        FOR NO KEY UPDATE OF h SKIP LOCKED
    ) AS p
    WHERE o.id = p.id;
    GET DIAGNOSTICS marked = ROW_COUNT;
    RETURN marked;
END
$$;
