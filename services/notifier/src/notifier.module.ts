import { Resumes } from '@joinleaf/notification';
import { Module, type DynamicModule } from '@nestjs/common';
import { NotifierController } from './notifier.controller.js';

@Module({ controllers: [NotifierController] })
export class NotifierModule {
  static with(resumes: Resumes): DynamicModule {
    return { module: NotifierModule, providers: [{ provide: Resumes, useValue: resumes }] };
  }
}
