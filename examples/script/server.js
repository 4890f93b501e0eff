// Run it with: configurapi-runner-ws server.js [seconds between two ticks]

const fs = require('fs');
const HttpRunner = require('configurapi-runner-ws');
const clock = require('./lib/clock');

const { PORT = 8000, TLS_KEY, TLS_CERT } = process.env;
const [seconds = 1] = process.argv.slice(2).map(Number);

const options = { port: PORT, configPath: `${__dirname}/config.yaml`, maxPayload: '64k' };
if (TLS_KEY) Object.assign(options, { sPort: 8443, key: fs.readFileSync(TLS_KEY), cert: fs.readFileSync(TLS_CERT) });

const runner = new HttpRunner();
runner.on('trace', () => {}); // the runner's own lines are enough
runner.on('error', (message) => console.error(`went wrong: ${message}`));

runner.run(options).then(() => setInterval(() => clock.tick(new Date()), seconds * 1000));
