/* All of Logto's alterations through the host, beside the official command line on a copy of the same database. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runAll } from './bridge.mjs';
import { addAdmin, dumpSchema, installation, official, removeClusters, runSql, startCluster } from './logto.mjs';

let theirs;
let ours;

before(async () => {
    const seeded = await startCluster('seeded');
    official(seeded, 'seed', '--swe');
    runSql(seeded, addAdmin);
    seeded.stop();
    theirs = await startCluster('theirs', seeded);
    ours = await startCluster('ours', seeded);
});
after(() => {
    theirs?.stop();
    ours?.stop();
    removeClusters();
});

test('rolls back all 261 to the same schema', async () => {
    official(theirs, 'alteration', 'rollback', '1.0.0-beta.0');
    const { count } = await runAll(installation, ours.url, 'rollback', 0);
    assert.equal(count, 261);
    assert.equal(dumpSchema(ours), dumpSchema(theirs));
});

test('deploys all 261 to the same schema, and leaves the official command line nothing to do', async () => {
    official(theirs, 'alteration', 'deploy', 'latest');
    const { count } = await runAll(installation, ours.url, 'deploy', 0);
    assert.equal(count, 261);
    assert.equal(dumpSchema(ours), dumpSchema(theirs));
    assert.match(official(ours, 'alteration', 'deploy', 'latest'), /Found 0 alteration to deploy/u);
});
