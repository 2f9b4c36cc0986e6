// sdk.mjs VOLUME: reads and changes a volume with the published SDK.
import { AgentFS } from 'agentfs-sdk';

const agent = await AgentFS.open({ path: process.argv[2] });
const fs = agent.fs;
console.log((await fs.readdir('/')).sort().join(' '));
console.log(await fs.readFile('/hello', 'utf8'));
console.log((await fs.readFile('/numbers', 'utf8')).length);
await fs.writeFile('/from-sdk', 'the sdk was here');
await fs.mkdir('/sdk');
await fs.writeFile('/sdk/long', 'x'.repeat(200000));
await fs.unlink('/gone');
await agent.close();
