-- The catalogue of the first day, and the orders of those who tried the shop before it opened.

-- dbalt: up
insert into customers (id, full_name, email, street, city, postcode, created_at) values
    (1, 'Ada Lovelace', 'Ada@example.org', '12 St James''s Square', 'London', 'SW1Y 4JH', '2025-01-02 09:00:00'),
    (2, 'Grace Brewster Hopper', 'grace@example.org', '1 Navy Yard; Gate 2', 'Washington', '20374', '2025-01-02 10:30:00'),
    (3, 'Edsger Dijkstra', 'EWD@example.org', 'Platteweg 7', 'Nuenen', '5671', '2025-01-03 08:15:00'),
    (4, 'Sophie', 'sophie@example.org', 'Rue de Sèvres 30', 'Paris', '75007', '2025-01-03 19:45:00');

insert into products (id, name, category, price) values
    (1, 'Teapot, 1 litre', 'kitchen', 24.95),
    (2, 'Cup', 'kitchen', 6.5),
    (3, 'Desk lamp', 'office', 39.99),
    (4, 'Notebook; squared', 'office', 3.2),
    (5, 'Fountain pen', 'office', 18),
    (6, 'Garden chair', 'garden', 49.9);

insert into orders (id, customer_id, status, placed_at) values
    (1, 1, 'shipped', '2025-01-04 12:00:00'),
    (2, 2, 'paid', '2025-01-04 13:10:00'),
    (3, 2, 'open', '2025-01-05 08:00:00'),
    (4, 3, 'cancelled', '2025-01-05 21:40:00'),
    (5, 4, 'open', '2025-02-01 07:30:00');

insert into order_lines (order_id, product_id, quantity, unit_price) values
    (1, 1, 1, 24.95),
    (1, 2, 6, 5.95),
    (2, 3, 1, 39.99),
    (3, 4, 10, 3.2),
    (3, 5, 1, 18),
    (4, 6, 2, 49.9),
    (5, 2, 2, 6.5),
    (5, 4, 1, 3.2);

-- dbalt: down
delete from orders where id between 1 and 5; -- and their lines, which cascade
delete from products where id between 1 and 6;
delete from customers where id between 1 and 4;
