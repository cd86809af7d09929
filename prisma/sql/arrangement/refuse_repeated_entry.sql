-- Refuses a request that names one container twice. `_repeated` is { pointer, first }: the pointers of the later and of the
-- first entry; null if there is none.
--
-- Raises: invalid-request
CREATE OR REPLACE FUNCTION refuse_repeated_entry(_repeated jsonb) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF _repeated <> 'null' THEN
    PERFORM refuse('invalid-request', jsonb_build_object('errors', jsonb_build_array(jsonb_build_object('in', 'body', 'pointer', _repeated->'pointer',
      'detail', 'names the same container as ' || (_repeated->>'first') || '; send each container once'))));
  END IF;
END $$;
