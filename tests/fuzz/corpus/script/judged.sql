begin; savepoint a; rollback to a; commit; reindex table concurrently a; alter table a detach partition b concurrently;
vacuum; create subscription s connection '' publication p with (create_slot = false);
