-- Returns a webhook as an event stores it. Everybody who can read the log sees it, and the path of a URL can be a secret: only its origin is there.
CREATE OR REPLACE FUNCTION webhook_snapshot(_id uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', w.id, 'origin', substring(w.url FROM '^[^/]*//[^/?]*'), 'kinds', w.kinds, 'device', w.device, 'description', w.description,
    'disabled_at', wire_time(w.disabled_at), 'disabled_because', w.disabled_because)
  FROM webhook_state w WHERE w.id = _id
$$;
