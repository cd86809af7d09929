-- Returns the part of a create digest that identifies a retry, without the part that says what the step is.
CREATE OR REPLACE FUNCTION told_facts(_created_as text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT substr(_created_as, strpos(_created_as, ':') + 1)
$$;
