const { createServer } = require('node:http');
const ms = require('ms');

const server = createServer((_request, response) => {
  response.end(`up for ${ms(Math.round(process.uptime() * 1000), { long: true })}\n`);
});
server.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? '127.0.0.1');
process.on('SIGTERM', () => server.close());
