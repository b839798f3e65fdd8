-- The ledger is history: an error is corrected by another row, never by rewriting one.

CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE OR TRUNCATE ON usage_records
    FOR EACH STATEMENT EXECUTE FUNCTION keep_history();
