import { Controller, Get, Header, HttpCode, HttpException } from '@nestjs/common';
import { Health } from './health.js';
import { Metrics } from './metrics.js';

/** What orchestrators and collectors ask. Liveness never depends on the broker. */
@Controller()
export class ProbesController {
  constructor(
    private readonly health: Health,
    private readonly metrics: Metrics,
  ) {}

  @Get('health/live')
  @HttpCode(200)
  live() {
    return { live: true };
  }

  @Get('health/ready')
  async ready() {
    const report = await this.health.report();
    if (report.ready) return report;
    throw new HttpException(report, 503);
  }

  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  text() {
    return this.metrics.text();
  }
}
