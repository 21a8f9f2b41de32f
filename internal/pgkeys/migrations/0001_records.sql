-- A version never comes back, not even after a rollback, as values of the sequence do not.
CREATE SEQUENCE amiforge.versions AS bigint;

CREATE TABLE amiforge.records (
	-- Ordered by its bytes, so that the keys with a prefix are one range whatever the database's locale.
	key text COLLATE "C" PRIMARY KEY CHECK (octet_length(key) BETWEEN 1 AND 1024),
	version bigint NOT NULL DEFAULT nextval('amiforge.versions'),
	value bytea NOT NULL CHECK (octet_length(value) <= 1048576),

	-- What the value says, to find it by. All are NULL in a record that could not be read.
	owner text,
	region text,
	name text,
	location text,
	state text
);

ALTER SEQUENCE amiforge.versions OWNED BY amiforge.records.version;

CREATE INDEX records_owner ON amiforge.records (owner, region);
CREATE INDEX records_region ON amiforge.records (region);
CREATE INDEX records_name ON amiforge.records (name);
CREATE INDEX records_location ON amiforge.records (location);
CREATE INDEX records_state ON amiforge.records (state);
