CREATE OR REPLACE FUNCTION public.airace_keep_old_member()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
    kept boolean;
BEGIN
    EXECUTE 'SELECT count(*) = 1 FROM ' || quote_ident(TG_TABLE_NAME || '_history')
        || ' WHERE id = $1 AND revision = $2 AND position = $3 AND member = $4'
        INTO kept USING OLD.id, OLD.revision, OLD.position, OLD.member;
    IF NOT kept THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
    END IF;
    RETURN OLD;
END $function$;
CREATE OR REPLACE FUNCTION public.airace_keep_old_version()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
    kept boolean;
    ended bigint;
BEGIN
    EXECUTE 'SELECT count(*) = 1, max(until) FROM ' || quote_ident(TG_TABLE_NAME || '_history')
        || ' WHERE id = $1 AND revision = $2' INTO kept, ended USING OLD.id, OLD.revision;
    IF NOT kept OR (TG_OP = 'UPDATE' AND (NEW.id <> OLD.id OR NEW.revision <> ended)) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
    END IF;
    IF TG_OP = 'UPDATE' THEN RETURN NEW; END IF;
    RETURN OLD;
END $function$;
CREATE OR REPLACE FUNCTION public.airace_new_history()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF EXISTS (SELECT 1 FROM new_rows WHERE until <= (SELECT max(id) FROM revisions)) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NULL;
END $function$;
CREATE OR REPLACE FUNCTION public.airace_new_old_member()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
    copied boolean;
BEGIN
    EXECUTE 'SELECT count(*) = 1 FROM ' || quote_ident(TG_ARGV[1]) || ' AS now JOIN '
        || quote_ident(TG_ARGV[2]) || ' AS ended USING (id, revision) WHERE now.id = $1 '
        || 'AND now.revision = $2 AND now.position = $3 AND now.member = $4 AND ended.until > $5'
        INTO copied USING NEW.id, NEW.revision, NEW.position, NEW.member, (SELECT max(id) FROM revisions);
    IF NOT copied THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NEW;
END $function$;
CREATE OR REPLACE FUNCTION public.airace_new_rows()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF EXISTS (SELECT 1 FROM new_rows WHERE revision <= (SELECT max(id) FROM revisions)) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NULL;
END $function$;
CREATE OR REPLACE FUNCTION public.airace_next_revision()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF NEW.id <> coalesce((SELECT max(id) FROM revisions) + 1, 0) THEN
        RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
    END IF;
    RETURN NEW;
END $function$;
CREATE OR REPLACE FUNCTION public.airace_refuse()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_ARGV[0];
END $function$;
CREATE TABLE adoption (
    id character varying COLLATE "C" NOT NULL,
    metric character varying COLLATE "C" NOT NULL,
    model character varying COLLATE "C",
    company character varying COLLATE "C",
    country character varying COLLATE "C",
    value double precision,
    unit character varying COLLATE "C",
    period character varying COLLATE "C" NOT NULL,
    period_first_day character varying COLLATE "C" NOT NULL,
    period_last_day character varying COLLATE "C" NOT NULL,
    qualifier character varying COLLATE "C",
    scope character varying COLLATE "C",
    source character varying COLLATE "C" NOT NULL,
    locator character varying COLLATE "C",
    note character varying COLLATE "C",
    revision bigint NOT NULL,
    original_source character varying COLLATE "C"
);
ALTER TABLE adoption ADD CONSTRAINT ck_adoption_is_about CHECK (((model IS NOT NULL) OR (company IS NOT NULL) OR (country IS NOT NULL)));
ALTER TABLE adoption ADD CONSTRAINT ck_adoption_period CHECK (((period_first_day)::text <= (period_last_day)::text));
ALTER TABLE adoption ADD CONSTRAINT ck_adoption_qualifier CHECK ((((qualifier)::text = 'exact'::text) OR ((qualifier)::text = 'about'::text) OR ((qualifier)::text = 'at_least'::text) OR ((qualifier)::text = 'up_to'::text) OR ((qualifier)::text = 'disputed'::text)));
ALTER TABLE adoption ADD CONSTRAINT ck_adoption_value CHECK (((value >= (0)::double precision) AND (value < ('1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'::numeric)::double precision)));
ALTER TABLE adoption ADD CONSTRAINT ck_adoption_value_has_unit CHECK (((value IS NULL) = (unit IS NULL)));
ALTER TABLE adoption ADD CONSTRAINT fk_adoption_company FOREIGN KEY (company) REFERENCES companies(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE adoption ADD CONSTRAINT fk_adoption_country FOREIGN KEY (country) REFERENCES countries(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE adoption ADD CONSTRAINT fk_adoption_model FOREIGN KEY (model) REFERENCES ai_models(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE adoption ADD CONSTRAINT fk_adoption_original_source FOREIGN KEY (original_source) REFERENCES sources(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE adoption ADD CONSTRAINT fk_adoption_revision FOREIGN KEY (revision) REFERENCES revisions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE adoption ADD CONSTRAINT fk_adoption_source FOREIGN KEY (source) REFERENCES sources(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE adoption ADD CONSTRAINT pk_adoption PRIMARY KEY (id);
CREATE INDEX ix_adoption_company_id ON public.adoption USING btree (company, id) WHERE (company IS NOT NULL);
CREATE INDEX ix_adoption_country_id ON public.adoption USING btree (country, id);
CREATE INDEX ix_adoption_metric_id ON public.adoption USING btree (metric, id);
CREATE INDEX ix_adoption_model_id ON public.adoption USING btree (model, id) WHERE (model IS NOT NULL);
CREATE INDEX ix_adoption_original_source_id ON public.adoption USING btree (original_source, id) WHERE (original_source IS NOT NULL);
CREATE INDEX ix_adoption_period_first_day_id ON public.adoption USING btree (period_first_day, id);
CREATE INDEX ix_adoption_qualifier_id ON public.adoption USING btree (qualifier, id) WHERE (qualifier IS NOT NULL);
CREATE INDEX ix_adoption_revision_id ON public.adoption USING btree (revision, id);
CREATE INDEX ix_adoption_scope_id ON public.adoption USING btree (scope, id) WHERE (scope IS NOT NULL);
CREATE INDEX ix_adoption_source_id ON public.adoption USING btree (source, id);
CREATE INDEX ix_adoption_unit_id ON public.adoption USING btree (unit, id) WHERE (unit IS NOT NULL);
CREATE INDEX ix_adoption_value_id ON public.adoption USING btree (value, id);
CREATE TRIGGER adoption_kept BEFORE DELETE OR UPDATE ON public.adoption FOR EACH ROW EXECUTE FUNCTION airace_keep_old_version('the old version of a row of adoption must be in its history first');
CREATE TRIGGER adoption_new_rows AFTER INSERT ON public.adoption REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_rows('adoption cannot be written into a revision that has been recorded');
CREATE TRIGGER adoption_not_emptied BEFORE TRUNCATE ON public.adoption FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('the old version of a row of adoption must be in its history first');
CREATE TABLE adoption_history (
    id character varying COLLATE "C" NOT NULL,
    metric character varying COLLATE "C" NOT NULL,
    model character varying COLLATE "C",
    company character varying COLLATE "C",
    country character varying COLLATE "C",
    value double precision,
    unit character varying COLLATE "C",
    period character varying COLLATE "C" NOT NULL,
    period_first_day character varying COLLATE "C" NOT NULL,
    period_last_day character varying COLLATE "C" NOT NULL,
    qualifier character varying COLLATE "C",
    scope character varying COLLATE "C",
    source character varying COLLATE "C" NOT NULL,
    locator character varying COLLATE "C",
    note character varying COLLATE "C",
    revision bigint NOT NULL,
    until bigint NOT NULL,
    original_source character varying COLLATE "C"
);
ALTER TABLE adoption_history ADD CONSTRAINT ck_adoption_history_half_open CHECK ((revision < until));
ALTER TABLE adoption_history ADD CONSTRAINT fk_adoption_history_until FOREIGN KEY (until) REFERENCES revisions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE adoption_history ADD CONSTRAINT pk_adoption_history PRIMARY KEY (id, revision);
CREATE INDEX ix_adoption_history_revision_id ON public.adoption_history USING btree (revision, id);
CREATE INDEX ix_adoption_history_until_id ON public.adoption_history USING btree (until, id);
CREATE TRIGGER adoption_history_append_only BEFORE DELETE OR UPDATE ON public.adoption_history FOR EACH ROW EXECUTE FUNCTION airace_refuse('adoption_history is append-only');
CREATE TRIGGER adoption_history_new_rows AFTER INSERT ON public.adoption_history REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_history('adoption cannot be written into a revision that has been recorded');
CREATE TRIGGER adoption_history_not_emptied BEFORE TRUNCATE ON public.adoption_history FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('adoption_history is append-only');
CREATE TABLE ai_models (
    id character varying COLLATE "C" NOT NULL,
    name character varying COLLATE "C" NOT NULL,
    kind character varying COLLATE "C" NOT NULL,
    aliases text NOT NULL,
    developers text NOT NULL,
    released character varying COLLATE "C",
    released_first_day character varying COLLATE "C",
    released_last_day character varying COLLATE "C",
    openness character varying COLLATE "C",
    based_on text NOT NULL,
    disputed_by text NOT NULL,
    parameters bigint,
    training_compute_flop double precision,
    domain character varying COLLATE "C",
    source character varying COLLATE "C" NOT NULL,
    locator character varying COLLATE "C",
    note character varying COLLATE "C",
    search character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL
);
ALTER TABLE ai_models ADD CONSTRAINT ck_ai_models_kind CHECK ((((kind)::text = 'model'::text) OR ((kind)::text = 'family'::text) OR ((kind)::text = 'product'::text)));
ALTER TABLE ai_models ADD CONSTRAINT ck_ai_models_openness CHECK ((((openness)::text = 'open'::text) OR ((openness)::text = 'hosted'::text) OR ((openness)::text = 'closed'::text)));
ALTER TABLE ai_models ADD CONSTRAINT ck_ai_models_parameters CHECK ((parameters >= 0));
ALTER TABLE ai_models ADD CONSTRAINT ck_ai_models_training_compute_flop CHECK (((training_compute_flop >= (0)::double precision) AND (training_compute_flop < ('1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'::numeric)::double precision)));
ALTER TABLE ai_models ADD CONSTRAINT fk_ai_models_revision FOREIGN KEY (revision) REFERENCES revisions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ai_models ADD CONSTRAINT fk_ai_models_source FOREIGN KEY (source) REFERENCES sources(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ai_models ADD CONSTRAINT pk_ai_models PRIMARY KEY (id);
CREATE INDEX ix_ai_models_domain_id ON public.ai_models USING btree (domain, id);
CREATE INDEX ix_ai_models_kind_id ON public.ai_models USING btree (kind, id);
CREATE INDEX ix_ai_models_name_id ON public.ai_models USING btree (name, id);
CREATE INDEX ix_ai_models_openness_id ON public.ai_models USING btree (openness, id);
CREATE INDEX ix_ai_models_parameters_id ON public.ai_models USING btree (parameters, id);
CREATE INDEX ix_ai_models_released_first_day_id ON public.ai_models USING btree (released_first_day, id);
CREATE INDEX ix_ai_models_revision_id ON public.ai_models USING btree (revision, id);
CREATE INDEX ix_ai_models_source_id ON public.ai_models USING btree (source, id);
CREATE INDEX ix_ai_models_training_compute_flop_id ON public.ai_models USING btree (training_compute_flop, id);
CREATE TRIGGER ai_models_kept BEFORE DELETE OR UPDATE ON public.ai_models FOR EACH ROW EXECUTE FUNCTION airace_keep_old_version('the old version of a row of ai_models must be in its history first');
CREATE TRIGGER ai_models_new_rows AFTER INSERT ON public.ai_models REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_rows('ai_models cannot be written into a revision that has been recorded');
CREATE TRIGGER ai_models_not_emptied BEFORE TRUNCATE ON public.ai_models FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('the old version of a row of ai_models must be in its history first');
CREATE TABLE ai_models_based_on (
    id character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    "position" bigint NOT NULL,
    member character varying COLLATE "C" NOT NULL
);
ALTER TABLE ai_models_based_on ADD CONSTRAINT fk_ai_models_based_on_id FOREIGN KEY (id) REFERENCES ai_models(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ai_models_based_on ADD CONSTRAINT fk_ai_models_based_on_member FOREIGN KEY (member) REFERENCES ai_models(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ai_models_based_on ADD CONSTRAINT pk_ai_models_based_on PRIMARY KEY (id, "position");
ALTER TABLE ai_models_based_on ADD CONSTRAINT uq_ai_models_based_on_member_id UNIQUE (member, id);
CREATE TRIGGER ai_models_based_on_kept BEFORE DELETE ON public.ai_models_based_on FOR EACH ROW EXECUTE FUNCTION airace_keep_old_member('the old members of ai_models_based_on must be in their history first');
CREATE TRIGGER ai_models_based_on_new_rows AFTER INSERT ON public.ai_models_based_on REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_rows('ai_models_based_on cannot be written into a revision that has been recorded');
CREATE TRIGGER ai_models_based_on_not_emptied BEFORE TRUNCATE ON public.ai_models_based_on FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('the old members of ai_models_based_on must be in their history first');
CREATE TRIGGER ai_models_based_on_unchanged BEFORE UPDATE ON public.ai_models_based_on FOR EACH ROW EXECUTE FUNCTION airace_refuse('the old members of ai_models_based_on must be in their history first');
CREATE TABLE ai_models_based_on_history (
    id character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    "position" bigint NOT NULL,
    member character varying COLLATE "C" NOT NULL
);
ALTER TABLE ai_models_based_on_history ADD CONSTRAINT pk_ai_models_based_on_history PRIMARY KEY (id, revision, "position");
CREATE INDEX ix_ai_models_based_on_history_member_id ON public.ai_models_based_on_history USING btree (member, id);
CREATE TRIGGER ai_models_based_on_history_append_only BEFORE DELETE OR UPDATE ON public.ai_models_based_on_history FOR EACH ROW EXECUTE FUNCTION airace_refuse('ai_models_based_on_history is append-only');
CREATE TRIGGER ai_models_based_on_history_copied BEFORE INSERT ON public.ai_models_based_on_history FOR EACH ROW EXECUTE FUNCTION airace_new_old_member('the history of ai_models_based_on takes what a revision ends', 'ai_models_based_on', 'ai_models_history');
CREATE TRIGGER ai_models_based_on_history_not_emptied BEFORE TRUNCATE ON public.ai_models_based_on_history FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('ai_models_based_on_history is append-only');
CREATE TABLE ai_models_developers (
    id character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    "position" bigint NOT NULL,
    member character varying COLLATE "C" NOT NULL
);
ALTER TABLE ai_models_developers ADD CONSTRAINT fk_ai_models_developers_id FOREIGN KEY (id) REFERENCES ai_models(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ai_models_developers ADD CONSTRAINT fk_ai_models_developers_member FOREIGN KEY (member) REFERENCES companies(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ai_models_developers ADD CONSTRAINT pk_ai_models_developers PRIMARY KEY (id, "position");
ALTER TABLE ai_models_developers ADD CONSTRAINT uq_ai_models_developers_member_id UNIQUE (member, id);
CREATE TRIGGER ai_models_developers_kept BEFORE DELETE ON public.ai_models_developers FOR EACH ROW EXECUTE FUNCTION airace_keep_old_member('the old members of ai_models_developers must be in their history first');
CREATE TRIGGER ai_models_developers_new_rows AFTER INSERT ON public.ai_models_developers REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_rows('ai_models_developers cannot be written into a revision that has been recorded');
CREATE TRIGGER ai_models_developers_not_emptied BEFORE TRUNCATE ON public.ai_models_developers FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('the old members of ai_models_developers must be in their history first');
CREATE TRIGGER ai_models_developers_unchanged BEFORE UPDATE ON public.ai_models_developers FOR EACH ROW EXECUTE FUNCTION airace_refuse('the old members of ai_models_developers must be in their history first');
CREATE TABLE ai_models_developers_history (
    id character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    "position" bigint NOT NULL,
    member character varying COLLATE "C" NOT NULL
);
ALTER TABLE ai_models_developers_history ADD CONSTRAINT pk_ai_models_developers_history PRIMARY KEY (id, revision, "position");
CREATE INDEX ix_ai_models_developers_history_member_id ON public.ai_models_developers_history USING btree (member, id);
CREATE TRIGGER ai_models_developers_history_append_only BEFORE DELETE OR UPDATE ON public.ai_models_developers_history FOR EACH ROW EXECUTE FUNCTION airace_refuse('ai_models_developers_history is append-only');
CREATE TRIGGER ai_models_developers_history_copied BEFORE INSERT ON public.ai_models_developers_history FOR EACH ROW EXECUTE FUNCTION airace_new_old_member('the history of ai_models_developers takes what a revision ends', 'ai_models_developers', 'ai_models_history');
CREATE TRIGGER ai_models_developers_history_not_emptied BEFORE TRUNCATE ON public.ai_models_developers_history FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('ai_models_developers_history is append-only');
CREATE TABLE ai_models_disputed_by (
    id character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    "position" bigint NOT NULL,
    member character varying COLLATE "C" NOT NULL
);
ALTER TABLE ai_models_disputed_by ADD CONSTRAINT fk_ai_models_disputed_by_id FOREIGN KEY (id) REFERENCES ai_models(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ai_models_disputed_by ADD CONSTRAINT fk_ai_models_disputed_by_member FOREIGN KEY (member) REFERENCES sources(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ai_models_disputed_by ADD CONSTRAINT pk_ai_models_disputed_by PRIMARY KEY (id, "position");
ALTER TABLE ai_models_disputed_by ADD CONSTRAINT uq_ai_models_disputed_by_member_id UNIQUE (member, id);
CREATE TRIGGER ai_models_disputed_by_kept BEFORE DELETE ON public.ai_models_disputed_by FOR EACH ROW EXECUTE FUNCTION airace_keep_old_member('the old members of ai_models_disputed_by must be in their history first');
CREATE TRIGGER ai_models_disputed_by_new_rows AFTER INSERT ON public.ai_models_disputed_by REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_rows('ai_models_disputed_by cannot be written into a revision that has been recorded');
CREATE TRIGGER ai_models_disputed_by_not_emptied BEFORE TRUNCATE ON public.ai_models_disputed_by FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('the old members of ai_models_disputed_by must be in their history first');
CREATE TRIGGER ai_models_disputed_by_unchanged BEFORE UPDATE ON public.ai_models_disputed_by FOR EACH ROW EXECUTE FUNCTION airace_refuse('the old members of ai_models_disputed_by must be in their history first');
CREATE TABLE ai_models_disputed_by_history (
    id character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    "position" bigint NOT NULL,
    member character varying COLLATE "C" NOT NULL
);
ALTER TABLE ai_models_disputed_by_history ADD CONSTRAINT pk_ai_models_disputed_by_history PRIMARY KEY (id, revision, "position");
CREATE INDEX ix_ai_models_disputed_by_history_member_id ON public.ai_models_disputed_by_history USING btree (member, id);
CREATE TRIGGER ai_models_disputed_by_history_append_only BEFORE DELETE OR UPDATE ON public.ai_models_disputed_by_history FOR EACH ROW EXECUTE FUNCTION airace_refuse('ai_models_disputed_by_history is append-only');
CREATE TRIGGER ai_models_disputed_by_history_copied BEFORE INSERT ON public.ai_models_disputed_by_history FOR EACH ROW EXECUTE FUNCTION airace_new_old_member('the history of ai_models_disputed_by takes what a revision ends', 'ai_models_disputed_by', 'ai_models_history');
CREATE TRIGGER ai_models_disputed_by_history_not_emptied BEFORE TRUNCATE ON public.ai_models_disputed_by_history FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('ai_models_disputed_by_history is append-only');
CREATE TABLE ai_models_history (
    id character varying COLLATE "C" NOT NULL,
    name character varying COLLATE "C" NOT NULL,
    kind character varying COLLATE "C" NOT NULL,
    aliases text NOT NULL,
    developers text NOT NULL,
    released character varying COLLATE "C",
    released_first_day character varying COLLATE "C",
    released_last_day character varying COLLATE "C",
    openness character varying COLLATE "C",
    based_on text NOT NULL,
    disputed_by text NOT NULL,
    parameters bigint,
    training_compute_flop double precision,
    domain character varying COLLATE "C",
    source character varying COLLATE "C" NOT NULL,
    locator character varying COLLATE "C",
    note character varying COLLATE "C",
    search character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    until bigint NOT NULL
);
ALTER TABLE ai_models_history ADD CONSTRAINT ck_ai_models_history_half_open CHECK ((revision < until));
ALTER TABLE ai_models_history ADD CONSTRAINT fk_ai_models_history_until FOREIGN KEY (until) REFERENCES revisions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ai_models_history ADD CONSTRAINT pk_ai_models_history PRIMARY KEY (id, revision);
CREATE INDEX ix_ai_models_history_revision_id ON public.ai_models_history USING btree (revision, id);
CREATE INDEX ix_ai_models_history_until_id ON public.ai_models_history USING btree (until, id);
CREATE TRIGGER ai_models_history_append_only BEFORE DELETE OR UPDATE ON public.ai_models_history FOR EACH ROW EXECUTE FUNCTION airace_refuse('ai_models_history is append-only');
CREATE TRIGGER ai_models_history_new_rows AFTER INSERT ON public.ai_models_history REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_history('ai_models cannot be written into a revision that has been recorded');
CREATE TRIGGER ai_models_history_not_emptied BEFORE TRUNCATE ON public.ai_models_history FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('ai_models_history is append-only');
CREATE TABLE alembic_version (
    version_num character varying(32) NOT NULL
);
ALTER TABLE alembic_version ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
CREATE UNIQUE INDEX alembic_version_pkc ON public.alembic_version USING btree (version_num);
CREATE TABLE companies (
    id character varying COLLATE "C" NOT NULL,
    name character varying COLLATE "C" NOT NULL,
    country character varying COLLATE "C",
    roles text NOT NULL,
    aliases text NOT NULL,
    website character varying COLLATE "C",
    source character varying COLLATE "C" NOT NULL,
    locator character varying COLLATE "C",
    note character varying COLLATE "C",
    search character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL
);
ALTER TABLE companies ADD CONSTRAINT fk_companies_country FOREIGN KEY (country) REFERENCES countries(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE companies ADD CONSTRAINT fk_companies_revision FOREIGN KEY (revision) REFERENCES revisions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE companies ADD CONSTRAINT fk_companies_source FOREIGN KEY (source) REFERENCES sources(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE companies ADD CONSTRAINT pk_companies PRIMARY KEY (id);
CREATE INDEX ix_companies_country_id ON public.companies USING btree (country, id);
CREATE INDEX ix_companies_name_id ON public.companies USING btree (name, id);
CREATE INDEX ix_companies_revision_id ON public.companies USING btree (revision, id);
CREATE INDEX ix_companies_source_id ON public.companies USING btree (source, id);
CREATE TRIGGER companies_kept BEFORE DELETE OR UPDATE ON public.companies FOR EACH ROW EXECUTE FUNCTION airace_keep_old_version('the old version of a row of companies must be in its history first');
CREATE TRIGGER companies_new_rows AFTER INSERT ON public.companies REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_rows('companies cannot be written into a revision that has been recorded');
CREATE TRIGGER companies_not_emptied BEFORE TRUNCATE ON public.companies FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('the old version of a row of companies must be in its history first');
CREATE TABLE companies_history (
    id character varying COLLATE "C" NOT NULL,
    name character varying COLLATE "C" NOT NULL,
    country character varying COLLATE "C",
    roles text NOT NULL,
    aliases text NOT NULL,
    website character varying COLLATE "C",
    source character varying COLLATE "C" NOT NULL,
    locator character varying COLLATE "C",
    note character varying COLLATE "C",
    search character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    until bigint NOT NULL
);
ALTER TABLE companies_history ADD CONSTRAINT ck_companies_history_half_open CHECK ((revision < until));
ALTER TABLE companies_history ADD CONSTRAINT fk_companies_history_until FOREIGN KEY (until) REFERENCES revisions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE companies_history ADD CONSTRAINT pk_companies_history PRIMARY KEY (id, revision);
CREATE INDEX ix_companies_history_revision_id ON public.companies_history USING btree (revision, id);
CREATE INDEX ix_companies_history_until_id ON public.companies_history USING btree (until, id);
CREATE TRIGGER companies_history_append_only BEFORE DELETE OR UPDATE ON public.companies_history FOR EACH ROW EXECUTE FUNCTION airace_refuse('companies_history is append-only');
CREATE TRIGGER companies_history_new_rows AFTER INSERT ON public.companies_history REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_history('companies cannot be written into a revision that has been recorded');
CREATE TRIGGER companies_history_not_emptied BEFORE TRUNCATE ON public.companies_history FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('companies_history is append-only');
CREATE TABLE companies_roles (
    id character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    "position" bigint NOT NULL,
    member character varying COLLATE "C" NOT NULL
);
ALTER TABLE companies_roles ADD CONSTRAINT fk_companies_roles_id FOREIGN KEY (id) REFERENCES companies(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE companies_roles ADD CONSTRAINT pk_companies_roles PRIMARY KEY (id, "position");
ALTER TABLE companies_roles ADD CONSTRAINT uq_companies_roles_member_id UNIQUE (member, id);
CREATE TRIGGER companies_roles_kept BEFORE DELETE ON public.companies_roles FOR EACH ROW EXECUTE FUNCTION airace_keep_old_member('the old members of companies_roles must be in their history first');
CREATE TRIGGER companies_roles_new_rows AFTER INSERT ON public.companies_roles REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_rows('companies_roles cannot be written into a revision that has been recorded');
CREATE TRIGGER companies_roles_not_emptied BEFORE TRUNCATE ON public.companies_roles FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('the old members of companies_roles must be in their history first');
CREATE TRIGGER companies_roles_unchanged BEFORE UPDATE ON public.companies_roles FOR EACH ROW EXECUTE FUNCTION airace_refuse('the old members of companies_roles must be in their history first');
CREATE TABLE companies_roles_history (
    id character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    "position" bigint NOT NULL,
    member character varying COLLATE "C" NOT NULL
);
ALTER TABLE companies_roles_history ADD CONSTRAINT pk_companies_roles_history PRIMARY KEY (id, revision, "position");
CREATE INDEX ix_companies_roles_history_member_id ON public.companies_roles_history USING btree (member, id);
CREATE TRIGGER companies_roles_history_append_only BEFORE DELETE OR UPDATE ON public.companies_roles_history FOR EACH ROW EXECUTE FUNCTION airace_refuse('companies_roles_history is append-only');
CREATE TRIGGER companies_roles_history_copied BEFORE INSERT ON public.companies_roles_history FOR EACH ROW EXECUTE FUNCTION airace_new_old_member('the history of companies_roles takes what a revision ends', 'companies_roles', 'companies_history');
CREATE TRIGGER companies_roles_history_not_emptied BEFORE TRUNCATE ON public.companies_roles_history FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('companies_roles_history is append-only');
CREATE TABLE countries (
    id character varying COLLATE "C" NOT NULL,
    name character varying COLLATE "C" NOT NULL,
    iso3 character varying COLLATE "C",
    kind character varying COLLATE "C" NOT NULL,
    aliases text NOT NULL,
    search character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL
);
ALTER TABLE countries ADD CONSTRAINT ck_countries_kind CHECK (((kind)::text = ANY ((ARRAY['country'::character varying, 'group'::character varying])::text[])));
ALTER TABLE countries ADD CONSTRAINT fk_countries_revision FOREIGN KEY (revision) REFERENCES revisions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE countries ADD CONSTRAINT pk_countries PRIMARY KEY (id);
CREATE INDEX ix_countries_kind_id ON public.countries USING btree (kind, id);
CREATE INDEX ix_countries_revision_id ON public.countries USING btree (revision, id);
CREATE TRIGGER countries_kept BEFORE DELETE OR UPDATE ON public.countries FOR EACH ROW EXECUTE FUNCTION airace_keep_old_version('the old version of a row of countries must be in its history first');
CREATE TRIGGER countries_new_rows AFTER INSERT ON public.countries REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_rows('countries cannot be written into a revision that has been recorded');
CREATE TRIGGER countries_not_emptied BEFORE TRUNCATE ON public.countries FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('the old version of a row of countries must be in its history first');
CREATE TABLE countries_history (
    id character varying COLLATE "C" NOT NULL,
    name character varying COLLATE "C" NOT NULL,
    iso3 character varying COLLATE "C",
    kind character varying COLLATE "C" NOT NULL,
    aliases text NOT NULL,
    search character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    until bigint NOT NULL
);
ALTER TABLE countries_history ADD CONSTRAINT ck_countries_history_half_open CHECK ((revision < until));
ALTER TABLE countries_history ADD CONSTRAINT fk_countries_history_until FOREIGN KEY (until) REFERENCES revisions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE countries_history ADD CONSTRAINT pk_countries_history PRIMARY KEY (id, revision);
CREATE INDEX ix_countries_history_revision_id ON public.countries_history USING btree (revision, id);
CREATE INDEX ix_countries_history_until_id ON public.countries_history USING btree (until, id);
CREATE TRIGGER countries_history_append_only BEFORE DELETE OR UPDATE ON public.countries_history FOR EACH ROW EXECUTE FUNCTION airace_refuse('countries_history is append-only');
CREATE TRIGGER countries_history_new_rows AFTER INSERT ON public.countries_history REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_history('countries cannot be written into a revision that has been recorded');
CREATE TRIGGER countries_history_not_emptied BEFORE TRUNCATE ON public.countries_history FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('countries_history is append-only');
CREATE TABLE funding (
    id character varying COLLATE "C" NOT NULL,
    kind character varying COLLATE "C" NOT NULL,
    country character varying COLLATE "C",
    company character varying COLLATE "C",
    investors text NOT NULL,
    scope character varying COLLATE "C",
    round_type character varying COLLATE "C",
    period character varying COLLATE "C" NOT NULL,
    period_first_day character varying COLLATE "C" NOT NULL,
    period_last_day character varying COLLATE "C" NOT NULL,
    amount_usd bigint,
    deals bigint,
    amount bigint,
    currency character varying COLLATE "C",
    price_base character varying COLLATE "C",
    qualifier character varying COLLATE "C",
    deals_qualifier character varying COLLATE "C",
    source character varying COLLATE "C" NOT NULL,
    locator character varying COLLATE "C",
    note character varying COLLATE "C",
    revision bigint NOT NULL,
    original_source character varying COLLATE "C"
);
ALTER TABLE funding ADD CONSTRAINT ck_funding_amount CHECK ((amount >= 0));
ALTER TABLE funding ADD CONSTRAINT ck_funding_amount_has_currency CHECK (((amount IS NULL) = (currency IS NULL)));
ALTER TABLE funding ADD CONSTRAINT ck_funding_amount_is_qualified CHECK (((amount_usd IS NULL) = (qualifier IS NULL)));
ALTER TABLE funding ADD CONSTRAINT ck_funding_amount_usd CHECK ((amount_usd >= 0));
ALTER TABLE funding ADD CONSTRAINT ck_funding_deals CHECK ((deals >= 0));
ALTER TABLE funding ADD CONSTRAINT ck_funding_deals_are_qualified CHECK (((deals IS NULL) = (deals_qualifier IS NULL)));
ALTER TABLE funding ADD CONSTRAINT ck_funding_deals_qualifier CHECK ((((deals_qualifier)::text = 'exact'::text) OR ((deals_qualifier)::text = 'about'::text) OR ((deals_qualifier)::text = 'at_least'::text) OR ((deals_qualifier)::text = 'up_to'::text) OR ((deals_qualifier)::text = 'disputed'::text)));
ALTER TABLE funding ADD CONSTRAINT ck_funding_period CHECK (((period_first_day)::text <= (period_last_day)::text));
ALTER TABLE funding ADD CONSTRAINT ck_funding_qualifier CHECK ((((qualifier)::text = 'exact'::text) OR ((qualifier)::text = 'about'::text) OR ((qualifier)::text = 'at_least'::text) OR ((qualifier)::text = 'up_to'::text) OR ((qualifier)::text = 'disputed'::text)));
ALTER TABLE funding ADD CONSTRAINT ck_funding_total_or_round CHECK (((((kind)::text = 'total'::text) AND (country IS NOT NULL) AND (company IS NULL) AND (scope IS NOT NULL)) OR (((kind)::text = 'round'::text) AND (company IS NOT NULL) AND (deals IS NULL) AND (scope IS NULL))));
ALTER TABLE funding ADD CONSTRAINT fk_funding_company FOREIGN KEY (company) REFERENCES companies(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE funding ADD CONSTRAINT fk_funding_country FOREIGN KEY (country) REFERENCES countries(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE funding ADD CONSTRAINT fk_funding_original_source FOREIGN KEY (original_source) REFERENCES sources(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE funding ADD CONSTRAINT fk_funding_revision FOREIGN KEY (revision) REFERENCES revisions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE funding ADD CONSTRAINT fk_funding_source FOREIGN KEY (source) REFERENCES sources(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE funding ADD CONSTRAINT pk_funding PRIMARY KEY (id);
CREATE INDEX ix_funding_amount_usd_id ON public.funding USING btree (amount_usd, id);
CREATE INDEX ix_funding_company_id ON public.funding USING btree (company, id) WHERE (company IS NOT NULL);
CREATE INDEX ix_funding_country_id ON public.funding USING btree (country, id);
CREATE INDEX ix_funding_currency_id ON public.funding USING btree (currency, id) WHERE (currency IS NOT NULL);
CREATE INDEX ix_funding_deals_id ON public.funding USING btree (deals, id);
CREATE INDEX ix_funding_deals_qualifier_id ON public.funding USING btree (deals_qualifier, id) WHERE (deals_qualifier IS NOT NULL);
CREATE INDEX ix_funding_kind_id ON public.funding USING btree (kind, id);
CREATE INDEX ix_funding_original_source_id ON public.funding USING btree (original_source, id) WHERE (original_source IS NOT NULL);
CREATE INDEX ix_funding_period_first_day_id ON public.funding USING btree (period_first_day, id);
CREATE INDEX ix_funding_price_base_id ON public.funding USING btree (price_base, id) WHERE (price_base IS NOT NULL);
CREATE INDEX ix_funding_qualifier_id ON public.funding USING btree (qualifier, id) WHERE (qualifier IS NOT NULL);
CREATE INDEX ix_funding_revision_id ON public.funding USING btree (revision, id);
CREATE INDEX ix_funding_round_type_id ON public.funding USING btree (round_type, id) WHERE (round_type IS NOT NULL);
CREATE INDEX ix_funding_scope_id ON public.funding USING btree (scope, id) WHERE (scope IS NOT NULL);
CREATE INDEX ix_funding_source_id ON public.funding USING btree (source, id);
CREATE TRIGGER funding_kept BEFORE DELETE OR UPDATE ON public.funding FOR EACH ROW EXECUTE FUNCTION airace_keep_old_version('the old version of a row of funding must be in its history first');
CREATE TRIGGER funding_new_rows AFTER INSERT ON public.funding REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_rows('funding cannot be written into a revision that has been recorded');
CREATE TRIGGER funding_not_emptied BEFORE TRUNCATE ON public.funding FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('the old version of a row of funding must be in its history first');
CREATE TABLE funding_history (
    id character varying COLLATE "C" NOT NULL,
    kind character varying COLLATE "C" NOT NULL,
    country character varying COLLATE "C",
    company character varying COLLATE "C",
    investors text NOT NULL,
    scope character varying COLLATE "C",
    round_type character varying COLLATE "C",
    period character varying COLLATE "C" NOT NULL,
    period_first_day character varying COLLATE "C" NOT NULL,
    period_last_day character varying COLLATE "C" NOT NULL,
    amount_usd bigint,
    deals bigint,
    amount bigint,
    currency character varying COLLATE "C",
    price_base character varying COLLATE "C",
    qualifier character varying COLLATE "C",
    deals_qualifier character varying COLLATE "C",
    source character varying COLLATE "C" NOT NULL,
    locator character varying COLLATE "C",
    note character varying COLLATE "C",
    revision bigint NOT NULL,
    until bigint NOT NULL,
    original_source character varying COLLATE "C"
);
ALTER TABLE funding_history ADD CONSTRAINT ck_funding_history_half_open CHECK ((revision < until));
ALTER TABLE funding_history ADD CONSTRAINT fk_funding_history_until FOREIGN KEY (until) REFERENCES revisions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE funding_history ADD CONSTRAINT pk_funding_history PRIMARY KEY (id, revision);
CREATE INDEX ix_funding_history_revision_id ON public.funding_history USING btree (revision, id);
CREATE INDEX ix_funding_history_until_id ON public.funding_history USING btree (until, id);
CREATE TRIGGER funding_history_append_only BEFORE DELETE OR UPDATE ON public.funding_history FOR EACH ROW EXECUTE FUNCTION airace_refuse('funding_history is append-only');
CREATE TRIGGER funding_history_new_rows AFTER INSERT ON public.funding_history REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_history('funding cannot be written into a revision that has been recorded');
CREATE TRIGGER funding_history_not_emptied BEFORE TRUNCATE ON public.funding_history FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('funding_history is append-only');
CREATE TABLE funding_investors (
    id character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    "position" bigint NOT NULL,
    member character varying COLLATE "C" NOT NULL
);
ALTER TABLE funding_investors ADD CONSTRAINT fk_funding_investors_id FOREIGN KEY (id) REFERENCES funding(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE funding_investors ADD CONSTRAINT fk_funding_investors_member FOREIGN KEY (member) REFERENCES companies(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE funding_investors ADD CONSTRAINT pk_funding_investors PRIMARY KEY (id, "position");
ALTER TABLE funding_investors ADD CONSTRAINT uq_funding_investors_member_id UNIQUE (member, id);
CREATE TRIGGER funding_investors_kept BEFORE DELETE ON public.funding_investors FOR EACH ROW EXECUTE FUNCTION airace_keep_old_member('the old members of funding_investors must be in their history first');
CREATE TRIGGER funding_investors_new_rows AFTER INSERT ON public.funding_investors REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_rows('funding_investors cannot be written into a revision that has been recorded');
CREATE TRIGGER funding_investors_not_emptied BEFORE TRUNCATE ON public.funding_investors FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('the old members of funding_investors must be in their history first');
CREATE TRIGGER funding_investors_unchanged BEFORE UPDATE ON public.funding_investors FOR EACH ROW EXECUTE FUNCTION airace_refuse('the old members of funding_investors must be in their history first');
CREATE TABLE funding_investors_history (
    id character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    "position" bigint NOT NULL,
    member character varying COLLATE "C" NOT NULL
);
ALTER TABLE funding_investors_history ADD CONSTRAINT pk_funding_investors_history PRIMARY KEY (id, revision, "position");
CREATE INDEX ix_funding_investors_history_member_id ON public.funding_investors_history USING btree (member, id);
CREATE TRIGGER funding_investors_history_append_only BEFORE DELETE OR UPDATE ON public.funding_investors_history FOR EACH ROW EXECUTE FUNCTION airace_refuse('funding_investors_history is append-only');
CREATE TRIGGER funding_investors_history_copied BEFORE INSERT ON public.funding_investors_history FOR EACH ROW EXECUTE FUNCTION airace_new_old_member('the history of funding_investors takes what a revision ends', 'funding_investors', 'funding_history');
CREATE TRIGGER funding_investors_history_not_emptied BEFORE TRUNCATE ON public.funding_investors_history FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('funding_investors_history is append-only');
CREATE TABLE migration_lock (
    id bigint NOT NULL
);
ALTER TABLE migration_lock ADD CONSTRAINT migration_lock_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX migration_lock_pkey ON public.migration_lock USING btree (id);
CREATE TABLE replacements (
    resource character varying COLLATE "C" NOT NULL,
    id character varying COLLATE "C" NOT NULL,
    replaced_by character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL
);
ALTER TABLE replacements ADD CONSTRAINT ck_replacements_another CHECK (((id)::text <> (replaced_by)::text));
ALTER TABLE replacements ADD CONSTRAINT fk_replacements_revision FOREIGN KEY (revision) REFERENCES revisions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE replacements ADD CONSTRAINT pk_replacements PRIMARY KEY (resource, id);
CREATE TRIGGER replacements_append_only BEFORE DELETE OR UPDATE ON public.replacements FOR EACH ROW EXECUTE FUNCTION airace_refuse('replacements is append-only');
CREATE TRIGGER replacements_new_rows AFTER INSERT ON public.replacements REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_rows('replacements cannot be written into a revision that has been recorded');
CREATE TRIGGER replacements_not_emptied BEFORE TRUNCATE ON public.replacements FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('replacements is append-only');
CREATE TABLE revisions (
    id bigint NOT NULL,
    recorded_at character varying COLLATE "C" NOT NULL,
    author character varying COLLATE "C" NOT NULL,
    message character varying COLLATE "C" NOT NULL,
    origin character varying COLLATE "C",
    added bigint NOT NULL,
    changed bigint NOT NULL,
    removed bigint NOT NULL
);
ALTER TABLE revisions ADD CONSTRAINT pk_revisions PRIMARY KEY (id);
CREATE TRIGGER revisions_append_only BEFORE DELETE OR UPDATE ON public.revisions FOR EACH ROW EXECUTE FUNCTION airace_refuse('revisions is append-only');
CREATE TRIGGER revisions_gapless BEFORE INSERT ON public.revisions FOR EACH ROW EXECUTE FUNCTION airace_next_revision('revisions are numbered without gaps');
CREATE TRIGGER revisions_not_emptied BEFORE TRUNCATE ON public.revisions FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('revisions is append-only');
CREATE TABLE sources (
    id character varying COLLATE "C" NOT NULL,
    kind character varying COLLATE "C" NOT NULL,
    publisher character varying COLLATE "C" NOT NULL,
    title character varying COLLATE "C" NOT NULL,
    published character varying COLLATE "C",
    published_first_day character varying COLLATE "C",
    published_last_day character varying COLLATE "C",
    url character varying COLLATE "C",
    licence character varying COLLATE "C",
    restates character varying COLLATE "C",
    note character varying COLLATE "C",
    search character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL
);
ALTER TABLE sources ADD CONSTRAINT ck_sources_kind CHECK ((((kind)::text = 'article'::text) OR ((kind)::text = 'report'::text) OR ((kind)::text = 'dataset'::text)));
ALTER TABLE sources ADD CONSTRAINT ck_sources_restates_another CHECK (((restates)::text <> (id)::text));
ALTER TABLE sources ADD CONSTRAINT fk_sources_restates FOREIGN KEY (restates) REFERENCES sources(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE sources ADD CONSTRAINT fk_sources_revision FOREIGN KEY (revision) REFERENCES revisions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE sources ADD CONSTRAINT pk_sources PRIMARY KEY (id);
CREATE INDEX ix_sources_kind_id ON public.sources USING btree (kind, id);
CREATE INDEX ix_sources_published_first_day_id ON public.sources USING btree (published_first_day, id);
CREATE INDEX ix_sources_restates_id ON public.sources USING btree (restates, id);
CREATE INDEX ix_sources_revision_id ON public.sources USING btree (revision, id);
CREATE TRIGGER sources_kept BEFORE DELETE OR UPDATE ON public.sources FOR EACH ROW EXECUTE FUNCTION airace_keep_old_version('the old version of a row of sources must be in its history first');
CREATE TRIGGER sources_new_rows AFTER INSERT ON public.sources REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_rows('sources cannot be written into a revision that has been recorded');
CREATE TRIGGER sources_not_emptied BEFORE TRUNCATE ON public.sources FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('the old version of a row of sources must be in its history first');
CREATE TABLE sources_history (
    id character varying COLLATE "C" NOT NULL,
    kind character varying COLLATE "C" NOT NULL,
    publisher character varying COLLATE "C" NOT NULL,
    title character varying COLLATE "C" NOT NULL,
    published character varying COLLATE "C",
    published_first_day character varying COLLATE "C",
    published_last_day character varying COLLATE "C",
    url character varying COLLATE "C",
    licence character varying COLLATE "C",
    restates character varying COLLATE "C",
    note character varying COLLATE "C",
    search character varying COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    until bigint NOT NULL
);
ALTER TABLE sources_history ADD CONSTRAINT ck_sources_history_half_open CHECK ((revision < until));
ALTER TABLE sources_history ADD CONSTRAINT fk_sources_history_until FOREIGN KEY (until) REFERENCES revisions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE sources_history ADD CONSTRAINT pk_sources_history PRIMARY KEY (id, revision);
CREATE INDEX ix_sources_history_revision_id ON public.sources_history USING btree (revision, id);
CREATE INDEX ix_sources_history_until_id ON public.sources_history USING btree (until, id);
CREATE TRIGGER sources_history_append_only BEFORE DELETE OR UPDATE ON public.sources_history FOR EACH ROW EXECUTE FUNCTION airace_refuse('sources_history is append-only');
CREATE TRIGGER sources_history_new_rows AFTER INSERT ON public.sources_history REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_history('sources cannot be written into a revision that has been recorded');
CREATE TRIGGER sources_history_not_emptied BEFORE TRUNCATE ON public.sources_history FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('sources_history is append-only');
CREATE TABLE statistics (
    id character varying COLLATE "C" NOT NULL,
    metric character varying COLLATE "C" NOT NULL,
    country character varying COLLATE "C" NOT NULL,
    value double precision NOT NULL,
    unit character varying COLLATE "C" NOT NULL,
    period character varying COLLATE "C" NOT NULL,
    period_first_day character varying COLLATE "C" NOT NULL,
    period_last_day character varying COLLATE "C" NOT NULL,
    qualifier character varying COLLATE "C" NOT NULL,
    scope character varying COLLATE "C",
    source character varying COLLATE "C" NOT NULL,
    locator character varying COLLATE "C",
    note character varying COLLATE "C",
    revision bigint NOT NULL,
    original_source character varying COLLATE "C"
);
ALTER TABLE statistics ADD CONSTRAINT ck_statistics_period CHECK (((period_first_day)::text <= (period_last_day)::text));
ALTER TABLE statistics ADD CONSTRAINT ck_statistics_qualifier CHECK ((((qualifier)::text = 'exact'::text) OR ((qualifier)::text = 'about'::text) OR ((qualifier)::text = 'at_least'::text) OR ((qualifier)::text = 'up_to'::text) OR ((qualifier)::text = 'disputed'::text)));
ALTER TABLE statistics ADD CONSTRAINT ck_statistics_value CHECK (((value >= (0)::double precision) AND (value < ('1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'::numeric)::double precision)));
ALTER TABLE statistics ADD CONSTRAINT fk_statistics_country FOREIGN KEY (country) REFERENCES countries(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE statistics ADD CONSTRAINT fk_statistics_original_source FOREIGN KEY (original_source) REFERENCES sources(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE statistics ADD CONSTRAINT fk_statistics_revision FOREIGN KEY (revision) REFERENCES revisions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE statistics ADD CONSTRAINT fk_statistics_source FOREIGN KEY (source) REFERENCES sources(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE statistics ADD CONSTRAINT pk_statistics PRIMARY KEY (id);
CREATE INDEX ix_statistics_country_id ON public.statistics USING btree (country, id);
CREATE INDEX ix_statistics_metric_id ON public.statistics USING btree (metric, id);
CREATE INDEX ix_statistics_original_source_id ON public.statistics USING btree (original_source, id) WHERE (original_source IS NOT NULL);
CREATE INDEX ix_statistics_period_first_day_id ON public.statistics USING btree (period_first_day, id);
CREATE INDEX ix_statistics_qualifier_id ON public.statistics USING btree (qualifier, id);
CREATE INDEX ix_statistics_revision_id ON public.statistics USING btree (revision, id);
CREATE INDEX ix_statistics_scope_id ON public.statistics USING btree (scope, id) WHERE (scope IS NOT NULL);
CREATE INDEX ix_statistics_source_id ON public.statistics USING btree (source, id);
CREATE INDEX ix_statistics_unit_id ON public.statistics USING btree (unit, id);
CREATE INDEX ix_statistics_value_id ON public.statistics USING btree (value, id);
CREATE TRIGGER statistics_kept BEFORE DELETE OR UPDATE ON public.statistics FOR EACH ROW EXECUTE FUNCTION airace_keep_old_version('the old version of a row of statistics must be in its history first');
CREATE TRIGGER statistics_new_rows AFTER INSERT ON public.statistics REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_rows('statistics cannot be written into a revision that has been recorded');
CREATE TRIGGER statistics_not_emptied BEFORE TRUNCATE ON public.statistics FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('the old version of a row of statistics must be in its history first');
CREATE TABLE statistics_history (
    id character varying COLLATE "C" NOT NULL,
    metric character varying COLLATE "C" NOT NULL,
    country character varying COLLATE "C" NOT NULL,
    value double precision NOT NULL,
    unit character varying COLLATE "C" NOT NULL,
    period character varying COLLATE "C" NOT NULL,
    period_first_day character varying COLLATE "C" NOT NULL,
    period_last_day character varying COLLATE "C" NOT NULL,
    qualifier character varying COLLATE "C" NOT NULL,
    scope character varying COLLATE "C",
    source character varying COLLATE "C" NOT NULL,
    locator character varying COLLATE "C",
    note character varying COLLATE "C",
    revision bigint NOT NULL,
    until bigint NOT NULL,
    original_source character varying COLLATE "C"
);
ALTER TABLE statistics_history ADD CONSTRAINT ck_statistics_history_half_open CHECK ((revision < until));
ALTER TABLE statistics_history ADD CONSTRAINT fk_statistics_history_until FOREIGN KEY (until) REFERENCES revisions(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE statistics_history ADD CONSTRAINT pk_statistics_history PRIMARY KEY (id, revision);
CREATE INDEX ix_statistics_history_revision_id ON public.statistics_history USING btree (revision, id);
CREATE INDEX ix_statistics_history_until_id ON public.statistics_history USING btree (until, id);
CREATE TRIGGER statistics_history_append_only BEFORE DELETE OR UPDATE ON public.statistics_history FOR EACH ROW EXECUTE FUNCTION airace_refuse('statistics_history is append-only');
CREATE TRIGGER statistics_history_new_rows AFTER INSERT ON public.statistics_history REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION airace_new_history('statistics cannot be written into a revision that has been recorded');
CREATE TRIGGER statistics_history_not_emptied BEFORE TRUNCATE ON public.statistics_history FOR EACH STATEMENT EXECUTE FUNCTION airace_refuse('statistics_history is append-only');
CREATE TABLE write_lock (
    id bigint NOT NULL
);
ALTER TABLE write_lock ADD CONSTRAINT ck_write_lock_one_row CHECK ((id = 1));
ALTER TABLE write_lock ADD CONSTRAINT pk_write_lock PRIMARY KEY (id);
