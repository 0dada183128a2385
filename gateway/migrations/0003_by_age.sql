-- What is too old is found by its own time, whatever stands before it.

CREATE INDEX chunk_by_arrival ON chunk (arrived_ns);
CREATE INDEX event_by_time ON event (at_ns);
